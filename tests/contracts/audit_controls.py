"""What the audit matrix runs: one line for each operation that touches personal data.

A new root field that shows or takes anything marked `personal` needs a line in GRAPHQL, and a new REST document one in
REST; without it the matrix fails and names it. A line says with which arguments the operation succeeds, and whom it
then concerns. Before each line is run the demo school gets people of its own, and `$…` in a line stands for:

    $student     matricule of an active student, enrolled in the class $class in the year $year
    $suspended   matricule of a suspended one
    $idle        matricule of an active student who is enrolled in nothing
    $badge       the badge of $student            $absence    the id of an absence of $student
    $node        the nodeId of $student           $other      a class of the same programme as $class
    $invoice     the number of an open invoice    $payment    the id of a payment with something left of it
    $draft       the id of an entry about $student that can still be changed; $entry one that is validated
    $programme   the programme of $class         $schedule   the code of a fee schedule for anybody
    $unique      a text that nothing else has     $now, $later   instants
    $matricule   a matricule that nobody has yet: whom a creating operation concerns

`concerns` names who must be among the subjects; ANYBODY asks for at least one, and NOBODY for no row at all: the
operation could show somebody, but what it has just made has nobody in it. `preset` is the first one that opens
the root field, unless the line names another. A refusal that speaks of a student has a line in REFUSALS.
"""

from dataclasses import dataclass

ANYBODY = "anybody"
NOBODY = "nobody"


@dataclass(frozen=True)
class Asked:
    """`given` are the arguments as GraphQL writes them."""

    given: str
    concerns: str = "$student"
    preset: str | None = None


@dataclass(frozen=True)
class Sent:
    """`target` is the path below /v1 with its query; `body` is JSON."""

    target: str
    concerns: str = "$student"
    preset: str | None = None
    body: str | None = None


@dataclass(frozen=True)
class Refused:
    """A mutation that fails with `code` and tells something of a student by it."""

    root: str
    given: str
    code: str
    concerns: str = "$student"


MONEY = 'provider: cash, reference: "$unique", amount: "5", currency: "XOF"'
PASSAGE = 'zone: "RESTAURANT", badge: "$badge", deviceId: "porte-1", deviceEventId: "$unique"'
ENROLMENT = 'class: "$class", schoolYear: "$year"'
WALLET = 'amount: "5", currency: "XOF", reference: "$unique", reason: "Contrôle"'
LINES = (
    '[{account: "4111", accountLabel: "Étudiants", auxAccount: "$student", debit: "5"},'
    ' {account: "7061", accountLabel: "Scolarité", credit: "5"}]'
)
PIECE = 'pieceRef: "$unique", pieceDate: "2024-12-31", label: "Contrôle", currency: "XOF"'
WRITTEN = f'journalCode: "AUDIT", entryDate: "2024-12-31", {PIECE}, lines: {LINES}'
SHARES = '[{invoiceNumber: "$invoice", amount: "5"}]'
GRAPHQL: dict[str, Asked] = {
    "Query.student": Asked('(matricule: "$student")'),
    "Query.studentByBadge": Asked('(id: "$badge")'),
    "Query.students": Asked("(first: 5)", concerns=ANYBODY),
    "Query.node": Asked('(nodeId: "$node")', preset="core"),
    "Query.nodes": Asked('(nodeIds: ["$node"])', preset="core"),
    "Query.absences": Asked('(filter: {matricule: "$student"})'),
    "Query.passages": Asked('(filter: {matricule: "$student"})'),
    "Query.financialStatus": Asked('(matricule: "$student")'),
    "Query.journals": Asked('(date: "2024-12-31")', concerns=ANYBODY),
    "Query.checkAccess": Asked('(nfc: "$badge", zone: "BIBLIOTHEQUE")'),
    "Query.events": Asked("(first: 100)", concerns=ANYBODY, preset="core"),
    "Query.class": Asked('(code: "$class")'),
    "Query.classes": Asked('(programme: "$programme")'),
    "Query.programme": Asked('(code: "$programme")'),
    "Query.programmes": Asked("(first: 2)", concerns=ANYBODY),
    "Query.invoice": Asked('(number: "$invoice")'),
    "Query.invoices": Asked('(filter: {matricule: "$student"})'),
    "Query.payments": Asked('(filter: {matricule: "$student"})'),
    "Query.wallet": Asked('(matricule: "$student")'),
    "Query.generalLedger": Asked('(account: "4111", auxAccount: "$student")'),
    "Query.journalEntries": Asked('(auxAccount: "$student")'),
    "Query.journalEntry": Asked('(id: "$entry")'),
    "Query.auditEntries": Asked('(matricule: "$student")'),
    "Mutation.createStudent": Asked(
        '(input: {matricule: "$matricule", firstName: "A", lastName: "B"})', concerns="$matricule"
    ),
    "Mutation.updateStudent": Asked('(input: {matricule: "$student", lastName: "C"})'),
    "Mutation.suspendStudent": Asked('(input: {matricule: "$student"})'),
    "Mutation.reinstateStudent": Asked('(input: {matricule: "$suspended"})', concerns="$suspended"),
    "Mutation.graduateStudent": Asked('(input: {matricule: "$student"})'),
    "Mutation.withdrawStudent": Asked('(input: {matricule: "$student"})'),
    "Mutation.enrolStudent": Asked(f'(input: {{matricule: "$idle", {ENROLMENT}}})', concerns="$idle"),
    "Mutation.endEnrolment": Asked(f'(input: {{matricule: "$student", {ENROLMENT}}})'),
    "Mutation.moveStudent": Asked(f'(input: {{matricule: "$student", {ENROLMENT}, toClass: "$other"}})'),
    "Mutation.assignBadge": Asked('(input: {matricule: "$student", badge: "$unique"})'),
    "Mutation.replaceBadge": Asked('(input: {badge: "$badge", newBadge: "$unique"})'),
    "Mutation.revokeBadge": Asked('(input: {badge: "$badge"})'),
    "Mutation.graduateClass": Asked(f"(input: {{{ENROLMENT}}})"),
    "Mutation.suspendClass": Asked(f"(input: {{{ENROLMENT}}})"),
    "Mutation.createProgramme": Asked('(input: {code: "$unique", label: "Contrôle"})', concerns=NOBODY),
    "Mutation.updateProgramme": Asked('(input: {code: "$programme", label: "Contrôle"})'),
    "Mutation.closeProgramme": Asked('(input: {code: "$programme"})'),
    "Mutation.createClass": Asked(
        '(input: {code: "$unique", label: "Contrôle", programme: "$programme"})', concerns=NOBODY
    ),
    "Mutation.updateClass": Asked('(input: {code: "$class", label: "Contrôle"})'),
    "Mutation.closeClass": Asked('(input: {code: "$class"})'),
    "Mutation.issueInvoice": Asked(
        '(input: {matricule: "$student", kind: tuition, label: "Contrôle", currency: "XOF",'
        ' instalments: [{dueOn: "2099-01-01", amount: "5"}]})'
    ),
    "Mutation.applyFeeSchedule": Asked('(input: {schedule: "$schedule", matricule: "$student"})'),
    "Mutation.cancelInvoice": Asked('(input: {number: "$invoice", reason: "Contrôle"})'),
    "Mutation.creditInvoice": Asked('(input: {invoiceNumber: "$invoice", reason: "Contrôle", currency: "XOF"})'),
    "Mutation.allocatePayment": Asked(f'(input: {{paymentId: "$payment", currency: "XOF", allocations: {SHARES}}})'),
    "Mutation.refundPayment": Asked(
        '(input: {paymentId: "$payment", provider: cash, reference: "$unique", reason: "Contrôle", currency: "XOF",'
        ' refundedAt: "$now"})'
    ),
    "Mutation.debitWallet": Asked(f'(input: {{matricule: "$student", {WALLET}}})'),
    "Mutation.correctWallet": Asked(f'(input: {{matricule: "$student", {WALLET}}})'),
    "Mutation.postEntry": Asked(f"(input: {{{WRITTEN}}})"),
    "Mutation.changeEntry": Asked(f'(input: {{entryId: "$draft", {WRITTEN}}})'),
    "Mutation.validateEntry": Asked('(entryId: "$draft")'),
    "Mutation.reverseEntry": Asked('(input: {entryId: "$entry", entryDate: "2024-12-31"})'),
    "Mutation.recordAbsence": Asked('(input: {matricule: "$idle", startsAt: "$now", endsAt: "$later"})', "$idle"),
    "Mutation.justifyAbsence": Asked('(input: {absenceId: "$absence"})'),
    "Mutation.recordPayment": Asked(f'(input: {{matricule: "$student", {MONEY}, receivedAt: "$now"}})'),
    "Mutation.topUpWallet": Asked(f'(input: {{matricule: "$student", {MONEY}}})'),
    "Mutation.recordPassage": Asked(f'(input: {{{PASSAGE}, occurredAt: "$now"}})'),
}
REST: dict[str, Sent] = {
    "Student": Sent("/students/$student"),
    "StudentByBadge": Sent("/students/badge/$badge"),
    "FinancialStatus": Sent("/financial/status/$student"),
    "Journals": Sent("/finance/journals?date=2024-12-31", concerns=ANYBODY),
    "CheckAccess": Sent("/access-control/check?nfc=$badge&zone=BIBLIOTHEQUE"),
    "Events": Sent("/events?first=100", concerns=ANYBODY, preset="core"),
    "AuditEntries": Sent("/audit/entries?matricule=$student"),
    "RecordAbsence": Sent("/absences", "$idle", body='{"matricule": "$idle", "startsAt": "$now", "endsAt": "$later"}'),
    "RecordPassage": Sent(
        "/access-control/passages",
        body='{"zone": "RESTAURANT", "badge": "$badge", "deviceId": "porte-1", "deviceEventId": "$unique",'
        ' "occurredAt": "$now"}',
    ),
}
REFUSALS: dict[str, Refused] = {
    "a status that does not follow": Refused(
        "Mutation.reinstateStudent", '(input: {matricule: "$student"})', "STATUS_CONFLICT"
    ),
    "an enrolment that is there already": Refused(
        "Mutation.enrolStudent", f'(input: {{matricule: "$student", {ENROLMENT}}})', "ALREADY_ENROLLED"
    ),
    "an enrolment that is not there": Refused(
        "Mutation.endEnrolment", f'(input: {{matricule: "$idle", {ENROLMENT}}})', "ENROLMENT_NOT_FOUND", "$idle"
    ),
    "an absence that overlaps": Refused(
        "Mutation.recordAbsence",
        '(input: {matricule: "$student", startsAt: "$now", endsAt: "$later"})',
        "ABSENCE_OVERLAP",
    ),
    "an invoice that the student has not": Refused(
        "Mutation.recordPayment",
        f'(input: {{matricule: "$student", {MONEY}, receivedAt: "$now", invoiceNumber: "$unique"}})',
        "INVOICE_NOT_FOUND",
    ),
}
