"""Line statistics of commits: processes that count, by git or by libgit2, and the threads that talk to them."""
