"""Who and where: people, organizations, members, Spaces, permission, audit."""
