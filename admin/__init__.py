"""The command line: parse, ask the Runtime, call one function, show the answer."""
