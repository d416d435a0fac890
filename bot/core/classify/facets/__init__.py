"""What a thread names: Pythons, platforms, packages, projects."""
