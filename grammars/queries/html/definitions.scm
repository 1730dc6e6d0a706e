; Headings by their words, then what has an id, then the parts of a page that have a meaning.
(element . (start_tag . (tag_name) @_tag) . (_)+ @name . (end_tag) . (#match? @_tag "^[hH][1-6]$")) @definition.string
(element . (_ . (tag_name) (attribute (attribute_name) @_id [(quoted_attribute_value (attribute_value) @name) (attribute_value) @name]) (#eq? @_id "id")) @signature) @definition.module
(element . (start_tag . (tag_name) @name) @signature (#any-of? @name "header" "nav" "main" "aside" "footer" "section" "article" "form" "dialog" "template")) @definition.module
