"""What jinja2 makes of small templates, in the environment chat templates are rendered in: python make_jinja_goldens.py OUT.json

Made with jinja2 3.1.6 on Python 3.11. The environment is transformers' own (utils/chat_template_utils.py): immutable sandbox,
trim_blocks, lstrip_blocks, loop controls, `generation` blocks, raise_exception, strftime_now, a plain tojson.
"""
import json
import sys

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.sandbox


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_render"), [], [], body).set_lineno(line)

    def _render(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


ENV = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
ENV.filters["tojson"] = tojson
ENV.globals["raise_exception"] = raise_exception

CONTEXT = {
    "s": "Hello World", "e": "", "u": "naïve 漢字 🙂!", "ws": "  two\n lines \t", "n": 7, "neg": -7, "f": 2.5, "z": 0, "big": 12345678901234567890123,
    "t": True, "no": None, "l": [3, 1, 2], "ls": ["b", "A", "c", "a"], "mixed": [1, "x", None, True, 2.0, [1], {"k": "v"}], "empty": [],
    "d": {"b": 1, "A": 2, "c": {"x": [1, 2]}, "items_": 3}, "dd": {"items": "shadow", "get": 1}, "q": "it's \"q\" \\ \n\t\x01é\u200b",
    "people": [{"name": "Bo", "age": 30, "tags": ["x"]}, {"name": "al", "age": 25, "tags": []}, {"name": "Cy", "age": 30}],
    "lines": "one\n\n  two\r\nthree", "csv": "a,b,,c", "html": "<b>a & 'b'</b>", "nums": [1.0, 2.25, 1e16, 1e-5, 0.1, -0.0, 1e22, 123456789.125],
}

EXPRESSIONS = r"""
1 + 2 * 3 ** 2
2 ** 3 ** 2
-2 ** 2
7 / 2
6 / 2
7 // 2
-7 // 2
7 // -2
7 % 3
-7 % 3
7 % -3
7.5 // 2
-7.5 // 2
-7.5 % 2
7.5 % -2
2 ** -1
2 ** 100
2.0 ** 0.5
0 ** 0
big + 1
big * big
big // 7
big % 1000
big / 2
1 / 0
1 // 0
1 % 0
1.0 / 0
1e308 * 10
10 ** 400 / 3
1_000 + 0x_ff + 0o17 + 0b11
1e3
1.5e-3
1_0.5
true + true
true * 3
none
true
false
True
None
not n
not 0
n and s
z and s
z or s
e or no
n == 7.0
1 == true
1 == '1'
'a' < 'B'
'a' < 'b' < 'c'
1 < 2 > 1 == 1
1 < 'a'
no < 1
[1, 2] < [1, 3]
[1, 2] == [1.0, 2]
(1, 2) == [1, 2]
(1, 2) < (1, 2, 0)
{'a': 1} == {'a': 1.0}
'ell' in s
'x' not in s
1 in l
1.0 in l
'A' in d
'zz' in d
no in l
1 in s
1 in n
[1] in mixed
s ~ n ~ no ~ t ~ f
'a' 'b' 'c'
'a' + 'b'
'a' + 1
1 + 'a'
l + [4]
l + (4,)
(1,) + (2,)
'ab' * 3
3 * 'ab'
'ab' * -1
[1] * 2
l * 'a'
'a' - 'b'
-s
+n
-f
-t
s[0]
s[-1]
s[50]
s[1:4]
s[:3]
s[-3:]
s[::-1]
s[::2]
s[10:1:-3]
s[5:1]
s[-100:100]
s['upper']
u[6]
u[9]
u[-2:]
u[::-1]
u | length
l[0]
l[-1]
l[9]
l['x']
l[1:]
l[::-1]
l[:-1]
(1, 2, 3)[1:]
range(10)[2:5] | list
range(10)[-1]
d['b']
d.b
d.zz
d['zz']
d.zz.y
d['zz']['y']
d.c.x[1]
d.items
d['items'] is mapping
d['get'] is defined
dd.items
dd['items']
dd.get
n.zz
n.zz.y
no.x
no.x.y
s.zz
s.get('x')
l.append
l.append(1)
d.update({'x': 1})
d.pop
d.pop('b')
s.__class__
s.__class__.__mro__
d.__len__()
s.__len__
nope
nope.x
nope['x']
nope()
nope + 1
1 + nope
'a' ~ nope ~ 'b'
nope == nope
nope == ''
nope | length
nope | list
nope | upper
nope | trim
nope < 1
'x' in nope
nope in 'x'
nope in l
nope or 'd'
nope is defined
nope.x is defined
d.zz is defined
d.zz.y is defined
nope is none
nope is iterable
nope is sequence
nope is mapping
nope is string
nope is number
nope is callable
nope is undefined
nope | default('d')
e | default('d')
e | default('d', true)
e | default('d', boolean=true)
no | default('d')
no | d('x', true)
nope | default
d.zz | default([])
1 if n
1 if z
1 if z else 2
1 if z else 2 if no else 3
(1 if z) is undefined
(1 if z).x
s.upper()
s.lower()
s.title()
'hello wORLD-foo (bar) it\'s' | title
'hello wORLD it\'s'.title()
s | capitalize
'ÉCOLE straße' | lower
'école straße ﬁ' | upper
'ΑΣ ΑΣΑ' | lower
s.swapcase()
'straße'.casefold()
s.split()
s.split(' ')
s.split('l')
s.split('l', 1)
csv.split(',')
csv.split(',', 2)
csv.rsplit(',', 1)
' a  b c '.split()
' a  b c '.split(none, 1)
' a  b c '.rsplit(none, 1)
''.split()
''.split(',')
s.split('')
s.split(1)
csv.partition(',')
csv.rpartition(',')
csv.partition('zz')
csv.rpartition('zz')
lines.splitlines()
lines.splitlines(true)
ws.strip() | tojson
ws.lstrip() | tojson
ws.rstrip() | tojson
'xxhixx'.strip('x')
'abcba'.strip('ab')
s.strip('Hd')
'\u00a0 x \u3000' | trim
ws | trim | tojson
'--x--' | trim('-')
s.startswith('He')
s.startswith(('x', 'H'))
s.startswith('lo', 3)
s.endswith('ld')
s.endswith('')
s.startswith(1)
s.find('o')
s.find('zz')
s.find('o', 5)
s.rfind('o')
u.find('🙂')
u.find('!')
s.index('zz')
s.count('l')
s.count('')
'aaaa'.count('aa')
s.replace('l', 'L')
s.replace('l', 'L', 1)
'abc'.replace('', '-')
'abc'.replace('', '-', 2)
s | replace('o', '0')
s | replace('o', '0', 1)
s | replace('o')
n | replace('7', 'seven')
'-'.join(ls)
'-'.join([1])
', '.join(d)
s.removeprefix('He')
s.removesuffix('ld')
s.isupper()
'ABC1'.isupper()
'abc'.islower()
'12'.isdigit()
'²'.isdigit()
'²'.isdecimal()
'½'.isnumeric()
'a1'.isalnum()
'ab'.isalpha()
' \n'.isspace()
'Ab Cd'.istitle()
'ab_1'.isidentifier()
'a'.center(4, '*')
'ab'.center(5, '*')
'ab'.ljust(4) ~ '|'
'ab'.rjust(4, '0')
'-5'.zfill(4)
'5'.zfill(3)
'a\tb'.expandtabs(4)
'ab' | center(6) ~ '|'
'{} and {}'.format(1, 'x')
'{1}-{0}'.format('a', 'b')
'{a} {b.x}'.format(a=1, b={'x': 2})
'{:>5}|{:<5}|{:^5}|{:*^5}'.format('a', 'b', 'c', 'd')
'{:05d} {:+d} {:,} {:x} {:b}'.format(42, 5, 1234567, 255, 5)
'{:.2f} {:e} {:g} {:%}'.format(3.14159, 12345.678, 0.0001, 0.25)
'{:.3}'.format('abcdef')
'{!r}'.format('x')
'{{}} {}'.format(1)
'{} {}'.format(1)
'{0.__class__}'.format(1)
'{:>{}}'.format('x', 4)
'{:d}'.format('x')
'{'.format()
'%s and %s' % ('a', 1)
'%s' % s
'%s' % no
'%d' % 3.9
'%d' % 'x'
'%5d|%-5d|%05d|%+d' % (42, 42, 42, 42)
'%.2f' % 2.675
'%.0f' % 2.5
'%.1f' % 0.25
'%5.1f|' % 3.14159
'%e' % 12345.678
'%g %g %g' % (100000, 1000000, 0.00001)
'%x %X %o %#x' % (255, 255, 8, 255)
'%r' % 'x'
'%c%c' % ('a', 98)
'%%' % ()
'%s %s' % (1,)
'%s' % (1, 2)
'%(a)s' % {'a': 1}
'%(b)s' % {'a': 1}
'%s' % [1, 2]
'abc' % 1
'%y' % 1
'%s-%s' | format('a', 'b')
'%(x)s' | format(x=3)
'%.3s|%10.2s|' % ('abcdef', 'abc')
mixed
d
q
[q]
['it\'s']
['a"b\'c']
[u, '\x7f', '\u00a0']
(1,)
()
(1, 'a')
[]
{}
[nope]
nums
nums | join(' ')
1e16
123456789012345680.0
1e15
0.1 + 0.2
1e-4
1e-5
5e-324
1.7976931348623157e308
1e400
-0.0
0.1 | string
100.0
f | int
'42' | int
'42.7' | int
'abc' | int
'abc' | int(5)
'0x1F' | int(base=16)
'1f' | int(0, 16)
'101' | int(base=2)
' 12 ' | int
'1_000' | int
no | int
nope | int
true | int
f | float
'2.50' | float
'x' | float
'x' | float(1.5)
'inf' | float
'1e3' | float
n | float
neg | abs
-2.5 | abs
'x' | abs
2.5 | round
3.5 | round
2.675 | round(2)
42 | round
42.55 | round(1)
1234 | round(-2)
1250 | round(-2)
2.1 | round(0, 'ceil')
2.9 | round(method='floor')
-2.5 | round
2.5 | round(1, 'x')
l | sort
l | sort(reverse=true)
ls | sort
ls | sort(case_sensitive=true)
mixed | sort
people | sort(attribute='age') | map(attribute='name') | list
people | sort(attribute='age,name') | map(attribute='name') | list
people | sort(attribute='age', reverse=true) | map(attribute='name') | join(',')
d | dictsort
d | dictsort(true)
d | dictsort(by='value')
{'b': 2, 'a': 3} | dictsort(false, 'value')
{'b': 2, 'a': 3} | dictsort(reverse=true)
{'b': 2, 'B': 1, 'a': 0} | dictsort
{1: 'a', 'x': 'b'} | dictsort
l | dictsort
d | items | list
no | items
nope | items | list
d.items() | list
d.items()
d.keys()
d.values() | list
d.keys() | length
'b' in d.keys()
d.get('b')
d.get('zz')
d.get('zz', 5)
d.get()
d | list
d | first
d | last
d | length
l | first
l | last
empty | first
empty | last
s | first
s | last
u | last
d.values() | last
l | join
l | join('-')
people | join(', ', attribute='name')
d | join(',')
n | join
l | length
n | length
no | length
l | sum
people | sum('age')
people | sum(attribute='age', start=10)
ls | sum
l | min
l | max
ls | min
ls | max(case_sensitive=true)
empty | max
people | max(attribute='age')
l | reverse | list
s | reverse
l | reverse
d | reverse | list
n | reverse
[1, 2, 1, '1', 1.0] | unique | list
['a', 'A', 'b'] | unique | list
['a', 'A', 'b'] | unique(true) | list
people | unique(attribute='age') | map(attribute='name') | list
people | groupby('age')
people | groupby('zz', default='none') | length
people | map(attribute='zz', default='-') | join
people | map(attribute='tags.0') | join('|')
people | map(attribute='tags.0', default='-') | list
ls | map('upper') | list
l | map('string') | join
ls | map('replace', 'a', 'x') | list
l | map('nope') | list
l | map
no | map('upper') | list
n | map('upper') | list
l | select | list
[0, 1, '', 'a', none] | select | list
[0, 1, '', 'a', none] | reject | list
l | select('odd') | list
l | reject('odd') | list
l | select('gt', 1) | list
l | select('>', 1) | list
l | select('in', [1, 2]) | list
mixed | select('string') | list
people | selectattr('tags') | map(attribute='name') | list
people | selectattr('age', 'eq', 30) | map(attribute='name') | list
people | rejectattr('age', 'equalto', 30) | map(attribute='name') | list
people | selectattr('tags', 'defined') | list | length
people | selectattr
l | select('nope') | list
l | map('upper')
l | map('string') | length
l | batch(2) | list
l | batch(2, 'x') | list
l | slice(2) | list
l | slice(2, 'x') | list
range(7) | slice(3) | list
l | list is sequence
l | map('int') is iterable
l | map('int') is sequence
s | list
range(3)
range(3) | list
range(1, 7, 2) | list
range(5, 0, -2) | list
range(0)| list
range(1, 2, 0)
range(100001)
range(3) == range(0, 3)
range('a')
range()
dict(a=1, b=2)
dict({'a': 1}, b=2)
dict([('a', 1)])
namespace(a=1).a
namespace(a=1)
namespace(a=1)['a']
namespace(a=1).b
namespace({'a': 1}).a
joiner('|')()
mixed | tojson
d | tojson
d | tojson(indent=2)
d | tojson(sort_keys=true)
d | tojson(separators=(',', ':'))
q | tojson
u | tojson
u | tojson(ensure_ascii=true)
q | tojson(true)
nums | tojson
empty | tojson(indent=2)
{} | tojson(indent=4)
{'a': {}} | tojson(indent='--')
{1: 2, none: 3, true: 4, 1.5: 6} | tojson
(1, 2) | tojson
nope | tojson
range(2) | tojson
[1, [2, {'a': []}]] | tojson(indent=1)
'inf' | float | tojson
html | e
html | escape
html | safe
html | striptags
html | urlencode
'a b/ü&' | urlencode
{'a': 'x y', 'b': 1} | urlencode
[('a', 1)] | urlencode
lines | indent
lines | indent(2, true)
lines | indent(2, blank=true)
lines | indent('> ')
'a\n' | indent(2)
s | truncate(8)
s | truncate(8, true)
s | truncate(3, leeway=0)
'hello big world' | truncate(11, leeway=0)
'hello big world' | truncate(11, true, '..', 0)
s | truncate(2)
s | wordcount
'a-b c_d' | wordcount
s | string
mixed | string
mixed | upper
no | upper
t | lower
n | trim
l | pprint
d | attr('b')
s | attr('upper') is defined
s | attr('__class__')
n is odd
n is even
n is divisibleby 7
n is divisibleby(3)
0 is even
s is odd
n is number
t is number
t is integer
t is boolean
n is integer
f is float
f is integer
n is float
s is string
s is sequence
d is sequence
d is mapping
l is mapping
l is iterable
n is iterable
s is iterable
s is lower
'abc' is lower
'ABC' is upper
no is none
no is not none
n is not none
t is true
1 is true
z is false
false is false
n is eq 7
n is == 7
n is ne 7
n is gt 3
n is ge(7)
n is lt 3
n is le 7
n is in [7, 8]
n is not in [7, 8]
'H' is in s
n is sameas n
no is sameas none
1 is sameas true
range is callable
s.upper is callable
s is callable
'upper' is filter
'zz' is filter
'odd' is test
s is nope
s | nope
l is defined and l is sequence
n is defined and n > 3
n is string is none
not n is none
n is divisibleby 7 and t
n if n is defined else 0
[1, 2, 3,]
{'a': 1,}
{'a': 1, 'a': 2}
{[1]: 2}
{(1, 2): 3}[(1, 2)]
{1: 'a'}[true]
{1: 'a'}[1.0]
(1)
(1,)
1, 2
l.0
people.0.name
people[0]['name']
s.upper().lower()
(s).upper()
[s.upper][0]()
dict(**{'a': 1})
dict(*[[('a', 1)]])
range(*[1, 4]) | list
s.upper(1)
s.zz()
n()
'a\nb\t\'\x41\u00e9\101\q'
"a'b"
'a"b'
n.bit_length()
f.is_integer()
2.0.is_integer()
n.real
l.index(1)
l.index(9)
l.count(1)
[[1, 2], [3]] | sum(start=[])
s | upper | lower | title | replace('H', 'J') | length
s|length > 3 and s|first == 'H'
-n | abs
- n | abs
n ~ 1 + 2
1 + 2 ~ 3
'a' ~ 'b' * 2
not true == false
2 * 3 % 4
10 - 2 - 3
2 ** -1 * 4
1 < 2 and 3 > 2 or false
'%s' % 'a' ~ 'b'
'a' in 'abc' == true
s[:] is string and d[1:2]
n[1:]
no[1:]
range(9)[::-2]
n | indent
nope | indent
n | truncate
l | truncate
n | items is defined
n | batch(2) is defined
n | slice(2) | list
n is number not in l
'abc' % nope
'%s' % nope
""".strip("\n").split("\n")

TEMPLATES = [
    "a\n{% if t %}\nb\n{% endif %}\nc\n", "a\n  {% if t %}\n  b\n  {% endif %}\nc", "a {%- if t -%} b {%- endif -%} c", "a\n   {{- n -}}   \nb", "  {%+ if t %}x{% endif %}\n", "{% if t +%}\nx{% endif %}",
    "x {# c #} y\n{# line #}\nz", "{#- a -#}  b", "a  {#- x #}\n b", "{# {{ not }} {% x %} #}y", "\n\n{% set x = 1 %}\n\n{{ x }}\n\n", "{{ 'a' }}\n", "{{ 'a' }}\n\n", "a\r\nb\r{% if t %}\r\nc{% endif %}", "{% raw %}{{ x }} {% y %}{% endraw %}z", "  {%- raw -%}  {{ x }}  {%- endraw -%}  z", "{% raw %}\na\n{% endraw %}\nb", "a{{ '}}' }}b{{ \"%}\" }}", "{{ {'a': {'b': 1}}['a']['b'] }}", "{{ {'a':{}}}}", "{{ [1,2,\n3] }}", "{% if t %}{% if z %}1{% elif n %}2{% else %}3{% endif %}{% endif %}", "{%if t%}x{%endif%}", "\t{% if t %}x{% endif %}", "a \t{% set y = 1 %}\nb", "a\n \t {{ n }}", "a{% if t %}  \n  b{% endif %}",
    "{% for x in l %}{{ x }}{% if not loop.last %},{% endif %}{% endfor %}", "{% for x in l %}{{ loop.index }}/{{ loop.index0 }}/{{ loop.revindex }}/{{ loop.revindex0 }}/{{ loop.first }}/{{ loop.last }}/{{ loop.length }} {% endfor %}", "{% for x in l %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}", "{% for x in l %}{{ loop.cycle('a', 'b') }}{% endfor %}", "{% for x in [1,1,2] %}{{ loop.changed(x) }}{% endfor %}", "{% for x in empty %}x{% else %}none{% endfor %}", "{% for x in l if x > 1 %}{{ x }}{{ loop.length }}{% else %}no{% endfor %}", "{% for x in l if x > 5 %}{{ x }}{% else %}no{% endfor %}", "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k in d %}{{ k }}{% endfor %}", "{% for a, b in [(1, 2), (3, 4)] %}{{ a + b }} {% endfor %}", "{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "{% for a, b in [(1, 2, 3)] %}{% endfor %}", "{% for a, b in [1] %}{% endfor %}", "{% for c in s %}{{ c }}.{% endfor %}", "{% for c in u %}{{ c }}.{% endfor %}", "{% for x in n %}{% endfor %}", "{% for x in no %}{% endfor %}", "{% for x in nope %}x{% else %}e{% endfor %}", "{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}", "{% for x in l %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% else %}e{% endfor %}", "{% for x in l %}{% for y in ls %}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}", "{% for x in [[1,[2,[3]]]] recursive %}{% if x is sequence %}[{{ loop(x) }}]{% else %}{{ x }}@{{ loop.depth }}{% endif %}{% endfor %}", "{% for x in l %}{{ loop(l) }}{% endfor %}", "{% for x in l %}{{ loop }}{% break %}{% endfor %}", "{{ loop }}", "{% break %}", "{% for x in 1, 2 %}{{ x }}{% endfor %}", "{% for x in l | map('string') %}{{ loop.length }}{{ loop.last }}{% endfor %}", "{% for x in range(3) %}{{ x }}{% endfor %}{{ x }}",
    "{% set x = 1 %}{% for i in l %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}", "{% set x = 1 %}{% if t %}{% set x = 2 %}{% endif %}{{ x }}", "{% if z %}{% set n = 2 %}{% endif %}{{ n }}", "{% set ns = namespace(x=1) %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}", "{% set ns = namespace() %}{% set ns.a = 1 %}{{ ns.a }}{{ ns.b }}", "{% set d.x = 1 %}", "{% set nope.x = 1 %}", "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a = 1, 2 %}{{ a }}", "{% set x %}a{{ n }}b{% endset %}{{ x }}{{ x | length }}", "{% set x | upper | trim %} abc {% endset %}{{ x }}", "{% set x %}{% set y = 1 %}{% endset %}{{ y }}", "{% set true = 1 %}", "{% set s = s | upper %}{{ s }}", "{% set x = nope %}{{ x is defined }}", "{% set ns = namespace(x=1) %}{% set ns.x %}blk{% endset %}{{ ns.x }}", "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a }}", "{% with %}{% set q = 1 %}{{ q }}{% endwith %}", "{% with n = 1, m = n %}{{ m }}{% endwith %}",
    "{% macro m(a, b=2, c=b) %}{{ a }}-{{ b }}-{{ c }}{% endmacro %}{{ m(1) }} {{ m(1, 3) }} {{ m(a=5, c=6) }} {{ m() }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(b=2) }}", "{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}", "{% macro m(a) %}{{ a is defined }}{% endmacro %}{{ m() }}", "{% macro m(a) %}{{ a.x }}{% endmacro %}{{ m() }}", "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "{% macro m() %}{{ x }}{% endmacro %}{% set x = 5 %}{{ m() }}", "{% set x = 1 %}{% macro m() %}{{ x }}{% endmacro %}{% set x = 2 %}{{ m() }}", "{% macro m() %}{{ n }}{% set n = 3 %}{% endmacro %}{{ m() }}{{ n }}", "{% macro m() %}{{ caller() }}!{% endmacro %}{% call m() %}hi{% endcall %}", "{% macro m(x) %}{{ caller(x) }}{% endmacro %}{% call(y) m(4) %}<{{ y }}>{% endcall %}", "{% macro m() %}x{% endmacro %}{% call m() %}hi{% endcall %}", "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}", "{% macro m(a, b) %}{% endmacro %}{{ m.name }} {{ m.arguments }} {{ m.catch_kwargs }}", "{% macro m() %}  x  {% endmacro %}[{{ m() | trim }}]", "{% macro m(a=1, b) %}{% endmacro %}", "{% for i in l %}{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% endfor %}", "{{ m() }}{% macro m() %}x{% endmacro %}", "{% if t %}{% macro m() %}y{% endmacro %}{% endif %}{{ m() }}", "{% macro m(s) %}{{ s }}{% endmacro %}{{ m('a') ~ m('b') | upper }}", "{% macro m(a) %}{% if a is mapping %}{{ m(a.c) }}{% else %}{{ a }}{% endif %}{% endmacro %}{{ m(d) }}", "{% macro m(a, a) %}{{ a }}{% endmacro %}", "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(1, x=2) }}",
    "{% filter upper %}a{{ s }}{% endfilter %}", "{% filter replace('a', 'b') | upper %}banana{% endfilter %}", "{% block x %}a{{ n }}{% endblock %}", "{% block x %}a{% endblock x %}", "{% generation %}g{{ n }}{% endgeneration %}", "{{ raise_exception('no: ' ~ n) }}", "{% if z %}{{ raise_exception('x') }}{% endif %}ok", "{% set j = joiner() %}{% for x in l %}{{ j() }}{{ x }}{% endfor %}", "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}",
    "{{ }}", "{{ 1 + }}", "{{ (1 }}", "{{ 1) }}", "{{ [1) }}", "{% if %}{% endif %}", "{% if t %}", "{% endif %}", "{% for x l %}{% endfor %}", "{% foo %}", "{% do 1 %}", "{{ 'a }}", "{{ a b }}", "{{ 1 | }}", "{{ x is }}", "{# open", "{% raw %}x", "{{ $ }}", "{{ 1 if }}", "{{ a.}}", "{% macro %}{% endmacro %}", "{% set %}", "{% set x %}", "{{ {1} }}", "{{ f(a=1, 2) }}", "{% if t %}{% else %}{% else %}{% endif %}", "{% for x in l %}{% endif %}", "{% set x = %}", "{{ s | }}", "{{ 'a' is 'b' }}", "{{ l[1 }}", "{{ l[] }}", "{{ 1 = 2 }}", "{{ not }}", "{{ a..b }}", "{{ s!r }}", "{% if t %}{{ s | nope }}{% endif %}", "{% if z %}{{ s | nope }}{% endif %}ok", "{{ s | nope if z else 'ok' }}", "{% macro m() %}{{ s | nope }}{% endmacro %}ok", "{% if z %}{% for x in l %}{{ x | nope }}{% endfor %}{% endif %}ok", "{% for x in empty %}{{ x is nope }}{% endfor %}ok", "{% if z %}{{ s is nope }}{% endif %}ok",
    "x{#", "{% for x in l %}{% for y in l if loop.first %}{{ y }}{% endfor %}{% endfor %}", "{% for y in l if loop is undefined %}{{ y }}{% endfor %}", "{{ 'x' if t }}{{ 'y' if z }}", "{% if s is string and s %}1{% endif %}", "{%- for m in people -%}\n  {{- m['name'] ~ ': ' ~ m.get('age', 0) -}}\n{%- endfor -%}\n", "{% for m in people %}\n{{ m.name }}\n{% endfor %}", "{{ people[0].tags is defined }}{{ people[2].tags is defined }}", "{{- '<|turn>' + 'user' + '\\n' }}\n\n{{ 'x' }}", "{{ ('a'\n 'b') }}", "{% set x = 'a' ~ (1, 2) %}{{ x }}", "{{ d.c.x | join(', ') if d.c is mapping else '-' }}", "{{ '' if s else '' }}.", "{% if nope %}a{% elif nope is defined %}b{% else %}c{% endif %}", "{% set m = d.items() | list %}{{ m[0][0] }}", "{% for i in range(l | length - 1, -1, -1) %}{{ l[i] }}{% endfor %}", "{{ l[l | length - 1] }}", "{{ (l | length)%2 == 1 }}", "{% set x = l %}{% set x = x + [9] %}{{ x }}{{ l }}", "{{ documents is defined }}{{ tools is none }}", "line{# c #}\n{# c2 -#}\n\n  next", "{% if t -%}\n   a\n{%- endif %}\n b", "{{ 1 }}{{- ' ' -}}{{ 2 }}", "{%- if t %} a {% endif -%}  \n x", "{{ n\n}}", "{{ s[\n0] }}", "{{ '\n' }}x", "{% set a = {'x': 1, **d} %}",
]


def render(source):
    try:
        return {"text": ENV.from_string(source).render(**CONTEXT, tools=None, documents=None)}
    except Exception as error:  # a refusal of any kind is what the case is about
        return {"error": f"{type(error).__name__}: {error}"[:200]}


cases = [{"template": "{{ " + expression + " }}", **render("{{ " + expression + " }}")} for expression in EXPRESSIONS]
cases += [{"template": template, **render(template)} for template in TEMPLATES]
cases = [case for case in cases if " at 0x" not in case.get("text", "")]  # an address in memory is nobody's golden
json.dump({"context": CONTEXT, "cases": cases}, open(sys.argv[1], "w"), ensure_ascii=True, indent=1)
print(len(cases), "cases,", sum("error" in case for case in cases), "refused")
