"""What the end-to-end and interop tests share: the server as a process, its API, and the programs it talks to."""
