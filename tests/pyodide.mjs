// Runs the examples of the package in Pyodide, the CPython of browsers, in Node:
//
//     npm install --prefix FOLDER pyodide
//     python tests/wheel.py FOLDER
//     node tests/pyodide.mjs FOLDER
//
// The wheel in FOLDER, the very one that was tried there, is unpacked into Pyodide; nothing else
// is loaded. It fails if an example does.

import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { exit, argv } from "node:process";

const folder = resolve(argv[2] ?? ".");
const script = readFileSync(new URL("installed.py", import.meta.url), "utf-8");
try {
  const { loadPyodide, version } = createRequire(join(folder, "/"))("pyodide");
  const wheel = readdirSync(folder).find((name) => name.endsWith(".whl"));
  console.log(`Pyodide ${version}, ${wheel}`);
  const pyodide = await loadPyodide();
  const bytes = new Uint8Array(readFileSync(join(folder, wheel)));
  const extractDir = pyodide.runPython("__import__('site').getsitepackages()[0]");
  pyodide.unpackArchive(bytes, "whl", { extractDir });
  pyodide.runPython(script);
} catch (error) {
  console.log(error.message); // And no more: Node would print the source, a line of a megabyte.
  exit(1);
}
