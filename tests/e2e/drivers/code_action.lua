-- nvim --headless -u NONE -i NONE -n -l code_action.lua
-- Takes one code action with Neovim's public functions, waits for its end and saves the file.
-- Environment: DRIVE = {plugin, cmd, root, file, line, column, title, diagnostic?} as JSON.
-- Prints one JSON object: what the user would have seen.
local drive = vim.json.decode(os.getenv("DRIVE"))
local seen = { progress = {}, titles = {}, messages = {} }

local function finish(problem)
  seen.problem = problem
  io.stdout:write(vim.json.encode(seen) .. "\n")
  for _, client in ipairs(vim.lsp.get_clients()) do client:stop() end
  vim.wait(5000, function() return #vim.lsp.get_clients() == 0 end, 10)
  vim.cmd("qall!")
end

vim.opt.runtimepath:append(drive.plugin)
vim.cmd("filetype on")
vim.lsp.handlers["window/showMessage"] = function(_, result)
  table.insert(seen.messages, result.message)
end
local ended = false
vim.api.nvim_create_autocmd("LspProgress", {
  callback = function(event)
    local value = event.data.params.value
    table.insert(seen.progress, value.kind)
    ended = ended or value.kind == "end"
  end,
})
vim.lsp.config("lsp_agent", { cmd = drive.cmd, root_dir = drive.root })
vim.lsp.enable("lsp_agent")
vim.cmd.edit(vim.fn.fnameescape(drive.file))
local function client()
  return vim.lsp.get_clients({ bufnr = 0, name = "lsp_agent" })[1]
end
if not vim.wait(20000, function() return client() ~= nil and client().initialized end, 10) then
  return finish("the server did not start")
end
seen.encoding = client().offset_encoding

vim.api.nvim_win_set_cursor(0, { drive.line, drive.column })
if drive.diagnostic ~= vim.NIL and drive.diagnostic then
  local namespace = vim.api.nvim_create_namespace("linter")
  vim.diagnostic.set(namespace, 0, { {
    lnum = drive.line - 1, col = drive.column, end_col = drive.column + 1,
    message = drive.diagnostic, severity = vim.diagnostic.severity.ERROR, source = "linter",
  } })
end

local before = vim.api.nvim_buf_get_changedtick(0)
require("lsp_agent").code_action({
  filter = function(action)
    table.insert(seen.titles, action.title)
    return action.title == drive.title
  end,
  apply = true,
})
if not vim.wait(60000, function() return ended end, 10) then return finish("the run did not end") end
-- The edit comes just after the end of the progress; a refused one never does.
seen.changed = vim.wait(drive.patience, function()
  return vim.api.nvim_buf_get_changedtick(0) ~= before or #seen.messages > 0
end, 10) and vim.api.nvim_buf_get_changedtick(0) ~= before
vim.cmd("silent write")
finish(nil)
