"""The studies of this project. Importing the module registers them."""
