"""A working example of each step, as YAML."""

from collections.abc import Mapping
from typing import Any

from automations.yaml_text import read_yaml

STEP_EXAMPLES: Mapping[str, str] = {
    "notify": """\
- notify:
    to: [owner, sales]
    subject: "Hot: {{ contact.label }}"
    message: "{{ contact.label }} went from {{ score.previous }} to {{ score.current }}."
""",
    "create_task": """\
- create_task: {title: "Call {{ contact.label }}", assign_to: owner, due_in: 1d}
""",
    "add_tag": """\
- add_tag: hot
- {add_tag: renewal, to: deal}
""",
    "remove_tag": """\
- remove_tag: hot
""",
    "update": """\
- update:
    stage: qualified
    owner: [anna, ben]
    fields: {source: "{{ event.campaign }}"}
- update: {stage: closed, contact: {stage: customer}}
""",
    "adjust_score": """\
- adjust_score: {profile: engagement, points: -10, reason: "looked after"}
""",
    "webhook": """\
- key: crm
  webhook:
    url: "https://crm.example/hooks/hot"
    headers: {Authorization: "Bearer {{ secret.crm }}"}
    body: {email: "{{ contact.email }}", score: "{{ score.now }}", tags: "{{ contact.tags }}"}
- if: {steps.crm.body.known: {equal: false}}
  then:
    - create_task: {title: "Check {{ contact.label }}, number {{ steps.crm.body.id }} in the CRM"}
""",
    "wait": """\
- wait: 3d
- wait: {until: "09:00", weekdays: [mon, tue, wed, thu, fri], timezone: Europe/Berlin}
- wait: {until: contact.renewal_date, offset: -30d}
""",
    "wait_for": """\
- {key: call, create_task: {title: "Call {{ contact.label }}", assign_to: owner, due_in: 1d}}
- wait_for:
    task: call
    timeout: 3d
    on_timeout:
      - notify: {to: sales, message: "Nobody has called {{ contact.label }}"}
- wait_for:
    event: form.submitted
    timeout: 7d
    on_timeout:
      - create_task: {title: "Call {{ contact.label }}, who has not answered"}
""",
    "if": """\
- if: {score: {less: 20}}
  then:
    - remove_tag: hot
  elif:
    - if: {contact.owner: {empty: true}}
      then:
        - update: {owner: anna}
  else:
    - create_task: {title: "Call {{ contact.label }} again", assign_to: owner}
""",
    "split": """\
- split:
    - {percent: 50, name: first text, steps: [{add_tag: group-a}]}
    - {percent: 50, name: second text, steps: [{add_tag: group-b}]}
""",
    "start": """\
- start: another-automation
""",
    "stop": """\
- stop: handed over to sales
""",
}


def parsed(example: str) -> list[Any]:
    """An example as plain values."""
    (document,) = read_yaml(example)
    return list(document.value)
