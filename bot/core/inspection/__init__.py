"""What a wheel's extension modules declare about the GIL, and what that means for whoever imports them."""
