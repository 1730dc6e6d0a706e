((call_expression function: [(identifier) @_tag (member_expression property: (property_identifier) @_tag)] arguments: (template_string) @injection.content)
  (#any-of? @_tag "sql" "SQL") (#set! injection.language "sql"))
[(template_string) (string)] @injection.string
