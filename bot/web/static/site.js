// The static site’s search and filters; every page is whole without it.
