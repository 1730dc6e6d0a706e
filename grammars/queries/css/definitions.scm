; An at-rule's name is all that stands before its block.
(rule_set (selectors) @name (block) @body) @definition.class
(keyframes_statement (keyframes_name) @name (keyframe_block_list) @body) @definition.function
(media_statement (block) @body) @definition.module
(supports_statement (block) @body) @definition.module
(at_rule (block) @body) @definition.module
(declaration (property_name) @name (#match? @name "^--")) @definition.variable
