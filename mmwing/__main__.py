"""``python -m mmwing``: the doctor.

``python -m mmwing config NAME`` and ``python -m mmwing tool NAME`` print where a
config or a tool lies.
"""

import sys


def main(arguments: list[str]) -> int | str:
    """Run the doctor, or print a path."""
    from mmwing.stack import doctor
    if not arguments:
        return doctor.main()
    import mmwing
    finders = {'config': mmwing.config_path, 'tool': mmwing.tool_path}
    if len(arguments) != 2 or arguments[0] not in finders:
        return ('usage: python -m mmwing                 what works and what does not\n'
                '       python -m mmwing config NAME     path of a config\n'
                '       python -m mmwing tool NAME       path of a tool')
    try:
        print(finders[arguments[0]](arguments[1]))
    except ValueError as error:
        return f'error: {error}'
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
