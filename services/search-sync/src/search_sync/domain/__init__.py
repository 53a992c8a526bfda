"""Pure rules: what is known of users, orders and pictures, and how it is found."""
