//! Tests of styled lines.
