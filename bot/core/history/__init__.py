"""What stood when: timelines, shares, and what a scan keeps."""
