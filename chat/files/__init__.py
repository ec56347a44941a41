"""Files: taken in, kept, prepared, shown and let go."""
