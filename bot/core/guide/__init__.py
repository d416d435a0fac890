"""What the community's guide says of projects."""
