//! The slow channel: space, daemons' truth, GPU tools, asked every 30 to 60 s.
