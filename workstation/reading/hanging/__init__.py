"""Which images of a case hang where when it is opened: by rules a reader can read, and can make by example. No Qt."""
