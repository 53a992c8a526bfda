"""Pure rules: what is known of users and orders, and how it is found."""
