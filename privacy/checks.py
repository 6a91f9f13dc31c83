"""What must hold before a server goes live."""
