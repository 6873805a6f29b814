//! The running router: sockets, worker threads, file watching, record writing, signals.
