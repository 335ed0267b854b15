"""How the cost of growing and measuring organisms grows with their sizes and their number."""
