"""What every page needs of a request: who asks, what they may see, how they are answered."""
