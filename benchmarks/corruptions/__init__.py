"""What becomes of the answers of a model that garbles them."""
