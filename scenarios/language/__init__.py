"""Language front end: English descriptions into typed scenarios with an account of the reading, and back."""
