//! What a kept head tells of a picture.
