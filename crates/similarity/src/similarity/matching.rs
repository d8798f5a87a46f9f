//! Which rows of several sets are the same picture.
//!
//! Pictures are matched by their file in the index. Where a set lists a file more than once, as a log may, row and camera count too.

use std::collections::{HashMap, HashSet};

use super::error::SimilarityError;
use crate::tensor::Random;

/// A row of a set: which picture it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPicture {
    /// Its file, as the index has it.
    pub file: String,
    /// Row in the data set and camera; nothing where only the file is known.
    pub place: Option<(String, String)>,
    /// XXH64 of the file's bytes, where it is known.
    pub xxh64: Option<u64>,
}

/// The pictures that all sets have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedPictures {
    /// Their files, in the order of the first set.
    pub names: Vec<String>,
    /// For each set, the row of each picture.
    pub rows: Vec<Vec<usize>>,
    /// For each set, rows whose picture isn't in all others: how many, and the first picture's file.
    pub left_out: Vec<Option<(usize, String)>>,
}

/// Finds the pictures that all sets have. Each set has a name, for messages.
///
/// # Errors
/// No picture in all sets, pictures of one name with different bytes, a picture that is listed twice.
pub fn match_pictures(sets: &[(String, Vec<ListedPicture>)]) -> Result<MatchedPictures, SimilarityError> {
    let is_by_place = sets.iter().any(|(_, listed)| {
        let mut seen = HashSet::new();
        !listed.iter().all(|picture| seen.insert(&picture.file))
    });
    let key = |picture: &ListedPicture| {
        let place = picture.place.clone().filter(|_| is_by_place);
        (picture.file.clone(), place)
    };
    let mut places = Vec::with_capacity(sets.len());
    for (set, listed) in sets {
        let mut rows = HashMap::with_capacity(listed.len());
        for (row, picture) in listed.iter().enumerate() {
            if rows.insert(key(picture), row).is_some() {
                return Err(SimilarityError::PictureTwice {
                    picture: picture.file.clone(),
                    set: set.clone(),
                });
            }
        }
        places.push(rows);
    }
    let Some((first_name, first)) = sets.first() else {
        return Err(SimilarityError::TooFew { got: 0 });
    };
    let mut found = MatchedPictures {
        names: Vec::new(),
        rows: vec![Vec::new(); sets.len()],
        left_out: vec![None; sets.len()],
    };
    for picture in first {
        let key = key(picture);
        let rows: Option<Vec<usize>> = places.iter().map(|rows| rows.get(&key).copied()).collect();
        let Some(rows) = rows else { continue };
        let mut known: Option<(&str, u64)> = None;
        for (row, (set, listed)) in rows.iter().zip(sets) {
            match (known, listed.get(*row).and_then(|other| other.xxh64)) {
                (Some((before, hash)), Some(other)) if hash != other => {
                    return Err(SimilarityError::OtherPicture {
                        picture: picture.file.clone(),
                        first: before.to_owned(),
                        second: set.clone(),
                    });
                }
                (None, Some(hash)) => known = Some((set, hash)),
                _ => {}
            }
        }
        found.names.push(picture.file.clone());
        for (row, rows) in rows.into_iter().zip(&mut found.rows) {
            rows.push(row);
        }
    }
    if found.names.is_empty() {
        for ((set, listed), places) in sets.iter().zip(&places).skip(1) {
            if !first.iter().any(|picture| places.contains_key(&key(picture))) {
                let file = |of: &[ListedPicture]| of.first().map(|it| it.file.clone()).unwrap_or_default();
                return Err(SimilarityError::NothingInCommon {
                    first: first_name.clone(),
                    second: set.clone(),
                    of_first: file(first),
                    of_second: file(listed),
                });
            }
        }
        return Err(SimilarityError::NothingInAll { num_sets: sets.len() });
    }
    for (((_, listed), rows), left_out) in sets.iter().zip(&found.rows).zip(&mut found.left_out) {
        let taken: HashSet<usize> = rows.iter().copied().collect();
        let first = (0..listed.len()).find(|row| !taken.contains(row)).and_then(|row| listed.get(row));
        *left_out = first.map(|picture| (listed.len() - rows.len(), picture.file.clone()));
    }
    Ok(found)
}

impl MatchedPictures {
    /// A random sample of the pictures, in their order.
    ///
    /// # Errors
    /// More than there are.
    pub fn sample(&mut self, count: usize, seed: u64) -> Result<(), SimilarityError> {
        let num_pictures = self.names.len();
        if count > num_pictures {
            return Err(SimilarityError::LargeSample { asked: count, num_pictures });
        }
        let mut chosen = Random::new(seed).shuffled(num_pictures);
        chosen.truncate(count);
        chosen.sort_unstable();
        self.names = chosen.iter().filter_map(|at| self.names.get(*at).cloned()).collect();
        for rows in &mut self.rows {
            *rows = chosen.iter().filter_map(|at| rows.get(*at).copied()).collect();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, files: &[&str]) -> (String, Vec<ListedPicture>) {
        let listed = |(row, file): (usize, &&str)| ListedPicture {
            file: (*file).to_owned(),
            place: Some((row.to_string(), String::new())),
            xxh64: None,
        };
        (name.to_owned(), files.iter().enumerate().map(listed).collect())
    }

    #[test]
    fn pictures_are_matched_by_their_file() {
        let found = match_pictures(&[set("a", &["1", "2", "3"]), set("b", &["3", "1", "x"])]).unwrap();
        assert_eq!(found.names, ["1", "3"]);
        assert_eq!(found.rows, [vec![0, 2], vec![1, 0]]);
        assert_eq!(found.left_out, [Some((1, "2".to_owned())), Some((1, "x".to_owned()))]);
    }

    #[test]
    fn a_picture_listed_twice_is_matched_by_its_row() {
        let found = match_pictures(&[set("a", &["1", "1", "3"]), set("b", &["1", "1", "3"])]).unwrap();
        assert_eq!(found.rows, [vec![0, 1, 2], vec![0, 1, 2]]);
        assert_eq!(found.left_out, [None, None]);
        let mut bare = set("b", &["1", "1"]);
        bare.1.iter_mut().for_each(|picture| picture.place = None);
        let error = match_pictures(&[set("a", &["1", "3"]), bare]).unwrap_err().to_string();
        assert_eq!(error, "`1` is listed twice in b, so that rows can't be matched");
    }

    #[test]
    fn what_is_not_the_same_picture_is_refused() {
        let error = |sets: &[_]| match_pictures(sets).unwrap_err().to_string();
        assert_eq!(
            error(&[set("a", &["1"]), set("b", &["2"])]),
            "a and b have no picture in common: theirs are such as `1` and `2`"
        );
        assert_eq!(
            error(&[set("a", &["1", "2"]), set("b", &["2", "3"]), set("c", &["3", "1"])]),
            "no picture is in all of the 3 sets"
        );
        let (mut one, mut other) = (set("a", &["1"]), set("b", &["1"]));
        one.1[0].xxh64 = Some(1);
        assert!(match_pictures(&[one.clone(), other.clone()]).is_ok(), "of one the hash isn't known");
        other.1[0].xxh64 = Some(2);
        assert_eq!(
            error(&[one, other]),
            "`1` is one picture in a and another in b: the files' hashes differ"
        );
    }

    #[test]
    fn a_sample_keeps_the_order_and_the_seed() {
        let files: Vec<String> = (0..100).map(|at| format!("{at:02}")).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let all = match_pictures(&[set("a", &files)]).unwrap();
        let of = |seed| {
            let mut some = all.clone();
            some.sample(10, seed).unwrap();
            some.names
        };
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert!(of(1).is_sorted() && of(1).len() == 10);
        let error = all.clone().sample(101, 1).unwrap_err().to_string();
        assert_eq!(error, "a sample of 101 pictures can't be drawn from 100");
    }
}
