; inherits: ecma
(formal_parameters [
  (identifier) @declaration
  (rest_pattern (identifier) @declaration)
  (assignment_pattern left: (identifier) @declaration)
])
(field_definition property: (_) @declaration)
; <Row/> is a call of what is written like a component; the names of tags are no uses.
(jsx_opening_element name: [(identifier) @reference.call (member_expression property: (_) @reference.call)])
(jsx_self_closing_element name: [(identifier) @reference.call (member_expression property: (_) @reference.call)])
((jsx_opening_element name: (identifier) @none) (#match? @none "^[a-z]"))
((jsx_closing_element name: (identifier) @none) (#match? @none "^[a-z]"))
((jsx_self_closing_element name: (identifier) @none) (#match? @none "^[a-z]"))
