[(rule_set) (block) (keyframes_statement) (media_statement) (supports_statement) (at_rule)] @fold
(import_statement) @fold.imports
(comment) @fold.comment
