((script_element (start_tag (attribute (attribute_name) @_name (quoted_attribute_value (attribute_value) @import.module)))) @import
  (#eq? @_name "src"))
((element (start_tag (tag_name) @_tag (attribute (attribute_name) @_name (quoted_attribute_value (attribute_value) @import.module)))) @import
  (#eq? @_tag "link") (#eq? @_name "href"))
