//! What a person chose on the screen, to names that last and back.

use super::{App, Settings};
use crate::{
    config::Choices,
    ui::{
        order::Sort,
        view::{columns::Column, fleet::Density},
    },
};

impl Settings {
    /// What was chosen last time, all but the theme; names that are not known are passed over.
    pub fn recall(choices: &Choices) -> Self {
        let view = |density: &Density| choices.view.as_deref() == Some(density.as_str());
        let all = [Density::Tiles, Density::Table, Density::Heatmap];
        let columns = choices.columns.iter().filter_map(|id| Column::named(id));
        let mut columns: Vec<Column> = columns.collect();
        // A table without names would be of no use.
        if !columns.is_empty() && !columns.contains(&Column::Node) {
            columns.insert(0, Column::Node);
        }
        Self {
            density: all.into_iter().find(view),
            sort: choices.sort.as_deref().and_then(sort).unwrap_or_default(),
            inverted: choices.inverted.unwrap_or_default(),
            columns,
            ..Self::default()
        }
    }
}

impl App {
    /// What is chosen now.
    pub fn choices(&self) -> Choices {
        let (sort, inverted) = self.fleet.sort();
        let view = self.fleet.wished_density().map(Density::as_str);
        Choices {
            theme: Some(self.world.theme.name.clone()),
            view: view.map(str::to_owned),
            sort: Some(name(sort)),
            inverted: Some(inverted),
            columns: self.fleet.columns.iter().map(|c| c.name()).collect(),
        }
    }
}

const WORST: &str = "worst";
const NAME: &str = "name";

fn name(sort: Sort) -> String {
    match sort {
        Sort::Worst => WORST.to_owned(),
        Sort::Name => NAME.to_owned(),
        Sort::Column(column) => column.name(),
    }
}

fn sort(name: &str) -> Option<Sort> {
    match name {
        WORST => Some(Sort::Worst),
        NAME => Some(Sort::Name),
        id => Column::named(id).map(Sort::Column),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_has_a_name_of_its_own() {
        for column in Column::all() {
            let by = Sort::Column(column);
            assert_eq!(sort(&name(by)), Some(by));
        }
        for by in [Sort::Worst, Sort::Name] {
            assert_eq!(sort(&name(by)), Some(by));
        }
    }

    #[test]
    fn unknown_names_are_passed_over() {
        let choices = Choices {
            theme: Some("gone".into()),
            view: Some("globe".into()),
            sort: Some("luck".into()),
            inverted: None,
            columns: vec!["gone".into(), "load.1".into()],
        };
        let settings = Settings::recall(&choices);
        assert_eq!((settings.density, settings.sort), (None, Sort::Worst));
        let wanted = ["node", "load.1"].map(|id| Column::named(id).unwrap());
        assert_eq!(settings.columns, wanted);
        assert!(Settings::recall(&Choices::default()).columns.is_empty());
    }
}
