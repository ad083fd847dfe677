"""What of a program still asks for a secret after a plan: reads that fail, checks, tests, required fields."""
