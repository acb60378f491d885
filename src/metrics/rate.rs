//! Two raw readings to a rate, by the node's own uptime.
