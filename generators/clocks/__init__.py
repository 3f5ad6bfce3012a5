"""When each sensor looks, by whose clock, when what it saw arrives, and where it really sits then."""
