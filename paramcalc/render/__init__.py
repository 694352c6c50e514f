"""One table, several faces. The renderers know tables and formats, and nothing of networks."""
