"""Pages of the site as data: what each says, without a tag of HTML."""
