; @reference.words is a list of names: class="page wide", href="#top".
((attribute (attribute_name) @_name [(quoted_attribute_value (attribute_value) @reference.words) (attribute_value) @reference.words])
  (#any-of? @_name "class" "id" "for" "headers" "aria-labelledby" "aria-describedby" "aria-controls"))
((attribute (attribute_name) @_name (quoted_attribute_value (attribute_value) @reference.words))
  (#eq? @_name "href") (#match? @reference.words "^#"))
