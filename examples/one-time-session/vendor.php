<?php
/** Makes a one-time session and validates it, with PHP alone. Needs HOLDFAST_URL and HOLDFAST_API_KEY. */

declare(strict_types=1);

/** Status and body of the answer; null when none came back. */
function ask(string $path, array $body): ?array
{
    $context = stream_context_create(['http' => [
        'method' => 'POST',
        'header' => [
            'Authorization: Bearer ' . getenv('HOLDFAST_API_KEY'),
            'Content-Type: application/json',
        ],
        'content' => json_encode($body, JSON_THROW_ON_ERROR),
        'timeout' => 5,
        // Errors have a body that says what is wrong.
        'ignore_errors' => true,
        // A redirect would take the key elsewhere.
        'follow_location' => 0,
    ]]);
    $text = @file_get_contents(getenv('HOLDFAST_URL') . $path, false, $context);
    if ($text === false) {
        return null;
    }
    preg_match('/^HTTP\/\S+ (\d{3})/', $http_response_header[0], $match);
    return [(int) $match[1], json_decode($text, true, 64, JSON_THROW_ON_ERROR)];
}

/** The same; with an idempotency key, an answer that was lost is asked for once more. */
function validate(string $id): ?array
{
    $body = ['session_id' => $id, 'idempotency_key' => bin2hex(random_bytes(16))];
    return ask('/auth/validate-session', $body) ?? ask('/auth/validate-session', $body);
}

function fail(string $why): never
{
    fwrite(STDERR, $why . "\n");
    exit(1);
}

[$status, $created] = ask('/auth/create-session', ['user' => 'customer-7', 'data' => ['cart' => ['lamp', 'chair']]])
    ?? fail('the service did not answer');
if ($status !== 201) {
    // 429 and 503 pass: try again after Retry-After. Anything else is for the operator.
    fail('none was made: ' . $created['code'] . ': ' . ($created['detail'] ?? ''));
}
echo 'embed ', getenv('HOLDFAST_URL'), $created['iframe_url'], "\n";

[$status, $used] = validate($created['session_id']) ?? fail('the service did not answer');
if ($status !== 200) {
    fail('it is no good: ' . $used['code']);
}
echo 'it was for ', $used['user'], "\n";

[, $again] = validate($created['session_id']) ?? fail('the service did not answer');
echo 'a second time it is ', $again['code'], "\n";
