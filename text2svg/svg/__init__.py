"""Pure SVG text: parse, sanitize, canonical form, grammar, tokens. No input or output, no database, no tensors."""
