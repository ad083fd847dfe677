"""Ask the real azure-identity for the tokens that a plan needs, and the services whether they take them."""
