//! The agent's API for people and tools: HTTP/1.1 with JSON over a Unix
//! socket.
