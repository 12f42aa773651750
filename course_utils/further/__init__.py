"""What one lesson each needs, from lesson 14 on."""
