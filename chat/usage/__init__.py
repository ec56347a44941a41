"""The usage of an organization as its admins see it: what an address asks for, in words, as tables and as a sheet."""
