"""Lines of output become extractions; secrets become masks. Pure functions: bytes in, values out."""
