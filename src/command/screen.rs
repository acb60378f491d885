//! Commands that only the dashboard has; their words are read as those of the others are.

use clap::{Args, ValueEnum};

/// Show the nodes that match, as `/` does; all without words.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Filter {
    /// In the language of the filter: `load>4 & @web`.
    #[arg(
        value_name = "EXPRESSION",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub words: Vec<String>,
}

/// Order the nodes by a column, or by `worst` or `name`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Sort {
    /// A column's name: `load.1`, `gpu.util`.
    #[arg(value_name = "COLUMN")]
    pub column: String,
    /// Turn the order round.
    #[arg(short, long)]
    pub reverse: bool,
}

/// Show the nodes as tiles, as a table or as a heatmap.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct View {
    /// How many nodes a screen holds.
    #[arg(value_enum, value_name = "DENSITY")]
    pub density: Density,
}

/// What `view` takes.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Density {
    /// A pane per node.
    Tiles,
    /// A row per node.
    Table,
    /// A cell per node.
    Heatmap,
}

/// Use another theme.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Theme {
    /// One that comes with sshoal.
    #[arg(value_name = "THEME")]
    pub name: String,
}

/// Choose the columns of the table.
#[derive(Args, Clone, Copy, Debug)]
#[group(skip)]
pub struct Columns {}

/// Show the keys, the signs and the filter language, or what a command takes.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Help {
    /// A command of the palette.
    #[arg(value_name = "NAME")]
    pub command: Option<String>,
}

/// Leave.
#[derive(Args, Clone, Copy, Debug)]
#[group(skip)]
pub struct Quit {}

/// Forget typed passwords and unlocked keys.
#[derive(Args, Clone, Copy, Debug)]
#[group(skip)]
pub struct Forget {}

/// Connect now: these nodes, else the marked ones, else the one under the cursor.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Retry {
    /// Node sets.
    #[arg(value_name = "SET")]
    pub sets: Vec<String>,
}

/// List the runs of this dashboard.
#[derive(Args, Clone, Copy, Debug)]
#[group(skip)]
pub struct Runs {}

/// Show the rolls of this dashboard: daemons restarted batch by batch.
#[derive(Args, Clone, Copy, Debug)]
#[group(skip)]
pub struct Rolls {}

/// Open the page of a node.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Node {
    /// Its name.
    #[arg(value_name = "NODE")]
    pub name: String,
}

/// Mark nodes, besides those that are marked.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Mark {
    /// Node sets.
    #[arg(value_name = "SET", required = true)]
    pub sets: Vec<String>,
}

/// Take marks away; all of them without a node set.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Unmark {
    /// Node sets.
    #[arg(value_name = "SET")]
    pub sets: Vec<String>,
}
