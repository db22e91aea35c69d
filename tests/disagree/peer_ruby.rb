# The mail gem.
require 'base64'
require 'json'
require 'mail'

$stdout.sync = true

def clean(texts)
  texts.compact.map { |t| t.dup.force_encoding('UTF-8').scrub }.uniq
end

def answer(field)
  header = Mail.new(field + "\r\n")[:from]
  return {} unless header.respond_to?(:addrs)
  addrs = header.addrs
  names = addrs.flat_map { |a| [a.display_name, a.name, *a.comments] }
  { 'addresses' => clean(addrs.map(&:address)), 'names' => clean(names + header.group_names) }
rescue StandardError, SystemStackError
  {}
end

STDIN.each_line do |line|
  puts JSON.generate('ruby-mail' => answer(Base64.decode64(line)))
end
