"""What a licence is called and who says so: SPDX's words, and the statements of drawings, pages, packages and cards."""
