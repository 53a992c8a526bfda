"""What stacks are made of; each construct holds the project's rules for its kind of resource."""
